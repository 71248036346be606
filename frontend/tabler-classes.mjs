// The part of Tabler that Kontora promises to templates of core and of plugins. Everything else
// is dropped from the stylesheet. The list is fixed by hand, not read from templates: a plugin
// that is installed later must find the same classes, and the build must not depend on it.

export const classes = [
  // layout
  /^container(-fluid|-xl|-tight|-narrow)?$/, /^row$/, /^g[xy]?-[0-5]$/,
  /^col$/, /^col-(auto|[1-9]|1[0-2])$/, /^col-(sm|md|lg|xl)(-(auto|[1-9]|1[0-2]))?$/,
  /^hr$/, /^vr$/, /^stretched-link$/, /^visually-hidden(-focusable)?$/, /^ratio(-16x9)?$/,
  // controls
  /^btn$/, /^btn-(primary|secondary|danger|link|icon|sm|lg|close|list|group)$/,
  /^form-(label|hint|control|select|check|text|switch|fieldset|range|selectgroup|colorinput)/,
  /^input-(group|icon)/, /^(is-)?invalid(-feedback)?$/, /^was-validated$/, /^required$/,
  // content
  /^table(-sm|-responsive|-hover|-vcenter|-nowrap|-striped)?$/, /^card(-body|-header|-footer|-title|-subtitle|-actions|-sm|-table)?$/,
  /^alert(-(info|warning|danger|success|title))?$/, /^list-group(-item|-flush|-item-action)?$/,
  /^list-(unstyled|inline|inline-item)$/, /^badge$/, /^progress(-bar|-sm)?$/, /^placeholder(-glow|-xs)?$/,
  /^h[1-6]$/, /^lead$/, /^small$/, /^mark$/, /^kbd$/, /^markdown$/, /^steps$/, /^step-item$/, /^datagrid/,
  // utilities
  /^d-(none|block|inline|inline-block|flex|inline-flex|grid)$/, /^d-(sm|md|lg|print)-(none|block|flex|inline)$/,
  /^flex-(row|column|wrap|nowrap|fill|grow-[01]|shrink-[01])$/,
  /^(justify-content|align-items|align-self)-(start|end|center|between|baseline|stretch)$/,
  /^(gap|row-gap|column-gap)-[0-5]$/, /^[mp][tbsexy]?-([0-5]|auto)$/,
  /^[wh]-(25|50|75|100|auto)$/, /^text-(start|end|center|wrap|nowrap|truncate|break|secondary|danger|success|warning|muted)$/,
  /^fw-(normal|medium|bold|semibold)$/, /^fst-italic$/, /^font-monospace$/, /^lh-(1|sm|base)$/,
  /^overflow-(auto|hidden)$/, /^position-(relative|absolute|sticky)$/, /^rounded(-circle)?$/, /^border(-(top|bottom|start|end|0))?$/,
  /^order-(first|last|[0-5])$/, /^(in)?visible$/, /^user-select-none$/, /^cursor-pointer$/,
];

// States and tags that occur in the selectors above.
export const states = [
  /^(active|disabled|show|checked|hover|focus|required|multiple|readonly)$/,
  /^(html|body|a|abbr|address|b|strong|blockquote|button|caption|code|dd|dl|dt|em|fieldset|figure|figcaption)$/,
  /^(h[1-6]|hr|iframe|img|input|kbd|label|legend|li|mark|ol|optgroup|option|output|p|pre|progress|samp|select)$/,
  /^(small|sub|sup|summary|svg|table|tbody|td|textarea|tfoot|th|thead|tr|ul|details|dialog|main|nav|section)$/,
];

// Attributes that rules may ask for; they are found in mark-up only.
export const attributes = `
<html data-bs-theme="dark" data-bs-theme="light"><input type="checkbox" hidden><input type="radio"><input type="search">
<button type="button" disabled></button><button type="submit"></button><input type="file" readonly required>
<select multiple size="3"></select><abbr title="x"></abbr><a href="#" role="button"></a></html>`;
