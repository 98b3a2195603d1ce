// Drawing a part of the page anew without disturbing whoever is in it.
//
// Controls are told apart by their `name`, and parts that have controls of the same names by `data-part`.

// Gives an element these children. Focus stays on the control that has it, or on the one that takes its place; where there is
// none, it goes to the part of the page that it was in, or to the element.
export function redraw(element, ...children) {
  const held = element.contains(document.activeElement) ? document.activeElement : null;
  const part = held?.closest("[data-part]")?.dataset.part;
  arrange(element, children);
  if (held === null || held === document.activeElement) return;
  const around = Array.from(element.querySelectorAll("[data-part]")).find(({ dataset }) => dataset.part === part) ?? element;
  const same = held.isConnected ? held : Array.from(around.querySelectorAll("[name]")).find(({ name }) => name === held.name);
  (same ?? around).focus();
}

// Leaves what is there already where it is as far as it can: what is moved loses focus, and a press that has begun on it.
function arrange(element, children) {
  const nodes = children.map((child) => (child instanceof Node ? child : new Text(child)));
  const kept = new Set(nodes);
  for (const node of [...element.childNodes]) if (!kept.has(node)) node.remove();
  let next = element.firstChild;
  for (const node of nodes) {
    if (node === next) next = next.nextSibling;
    else element.insertBefore(node, next);
  }
}
