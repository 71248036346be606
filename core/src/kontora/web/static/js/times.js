// Points in time as people say them: "today 14:20", "Tue 18 Nov"; the full form on hover.
import { everywhere, language, words } from './dom.js';

// British English has the day before the month and a clock of 24 hours, as the other languages do.
const locale = language === 'en' ? 'en-GB' : language;
// The user's zone, as in what the server writes; without one, that of the device.
const timeZone = document.documentElement.dataset.zone || undefined;

function format(options) {
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone });
  } catch { // a zone that this browser does not know
    return new Intl.DateTimeFormat(locale, options);
  }
}

const clock = format({ hour: '2-digit', minute: '2-digit' });
const near = format({ weekday: 'short', day: 'numeric', month: 'short' });
const far = format({ day: 'numeric', month: 'short', year: 'numeric' });
const full = format({ dateStyle: 'full', timeStyle: 'short' });
const fullDay = format({ dateStyle: 'full' });
const calendar = format({ year: 'numeric', month: 'numeric', day: 'numeric', numberingSystem: 'latn' });

/** The day of a moment in the user's zone: its year, and its number among all days. */
function dayOf(moment) {
  const parts = Object.fromEntries(calendar.formatToParts(moment).map((part) => [part.type, Number(part.value)]));
  return { year: parts.year, number: Date.UTC(parts.year, parts.month - 1, parts.day) / 86_400_000 };
}

function show(time) {
  const text = time.getAttribute('datetime');
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text);
  // A day has no zone: its noon in UTC is that day nearly everywhere, whatever the user's zone.
  const moment = new Date(whole ? `${text}T12:00Z` : text);
  if (Number.isNaN(moment.getTime())) return;
  const day = dayOf(moment);
  const today = dayOf(new Date());
  const name = { 0: words.today, '-1': words.yesterday, 1: words.tomorrow }[day.number - today.number];
  const style = whole ? 'day' : time.dataset.relative;
  const hours = style === 'day' || (style === 'time' && !name) ? '' : ` ${clock.format(moment)}`;
  const date = name ?? (day.year === today.year ? near : far).format(moment);
  time.title = (whole ? fullDay : full).format(moment);
  time.textContent = style === 'clock' ? clock.format(moment) : `${date}${hours}`;
}

everywhere((root) => root.querySelectorAll('time[data-relative]').forEach(show));
setInterval(() => document.querySelectorAll('time[data-relative]').forEach(show), 300_000);
