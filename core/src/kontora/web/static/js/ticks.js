// Ticks in groups: one tick for all of them. Without this each is ticked by hand.
import { everywhere, on } from './dom.js';

const boxes = (all) => [...all.closest('form').querySelectorAll(`input[type="checkbox"][name="${all.dataset.tickAll}"]`)]
  .filter((each) => !each.disabled);

function follow(all) {
  const found = boxes(all);
  const ticked = found.filter((each) => each.checked).length;
  all.checked = found.length > 0 && ticked === found.length;
  all.indeterminate = ticked > 0 && ticked < found.length;
}

on('change', 'form input[type="checkbox"]', (_event, box) => {
  if (box.dataset.tickAll) boxes(box).forEach((each) => { each.checked = box.checked; });
  box.closest('form').querySelectorAll('[data-tick-all]').forEach(follow);
});

everywhere((part) => {
  part.querySelectorAll('[data-tick-all]').forEach((all) => { all.closest('[hidden]')?.removeAttribute('hidden'); follow(all); });
  // What was made by a form stands at an address of its own: a reload must not make it once more.
  const address = part.querySelector('[data-address]')?.dataset.address;
  if (address) history.replaceState(history.state, '', address);
});
