// Points in time as people say them: "today 14:20", "Tue 18 Nov"; the full form on hover.
import { everywhere, language, words } from './dom.js';

// British English has the day before the month and a clock of 24 hours, as the other languages do.
const locale = language === 'en' ? 'en-GB' : language;
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const near = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short' });
const far = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });
const fullDay = new Intl.DateTimeFormat(locale, { dateStyle: 'full' });

function show(time) {
  const text = time.getAttribute('datetime');
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text); // a day has no zone: read it as a local one
  const moment = new Date(whole ? `${text}T00:00` : text);
  if (Number.isNaN(moment.getTime())) return;
  const start = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const days = Math.round((start(moment) - start(new Date())) / 86_400_000);
  const name = { 0: words.today, '-1': words.yesterday, 1: words.tomorrow }[days];
  const style = whole ? 'day' : time.dataset.relative;
  const hours = style === 'day' || (style === 'time' && !name) ? '' : ` ${clock.format(moment)}`;
  const day = moment.getFullYear() === new Date().getFullYear() ? near.format(moment) : far.format(moment);
  time.title = whole ? fullDay.format(moment) : full.format(moment);
  time.textContent = style === 'clock' ? clock.format(moment) : `${name ?? day}${hours}`;
}

everywhere((root) => root.querySelectorAll('time[data-relative]').forEach(show));
setInterval(() => document.querySelectorAll('time[data-relative]').forEach(show), 300_000);
