// Drawing anew without disturbing: elements stay where they are, so that focus, open parts and a press that has begun are kept.

// Makes `old` say what `fresh` says. Children with a `data-key` are the same element as before wherever they stand.
export function patch(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // Whether a part is open is its reader's choice.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  fill(old, [...fresh.childNodes]);
}

// Makes these the children of `parent`.
export function fill(parent, children) {
  const keys = new Map(Array.from(parent.children, (child) => [child.dataset?.key, child]));
  let at = parent.firstChild;
  for (const child of children) {
    const key = child.dataset?.key;
    const known = key === undefined ? null : keys.get(key);
    if (known) {
      while (at !== null && at !== known) at = removed(at);
    } else if (at === null || key !== undefined || at.dataset?.key !== undefined) {
      parent.insertBefore(child, at);
      continue;
    }
    if (at === null) {
      parent.append(child);
    } else {
      const { nextSibling } = at;
      patch(at, child);
      at = nextSibling;
    }
  }
  while (at !== null) at = removed(at);
}

function removed(node) {
  const { nextSibling } = node;
  node.remove();
  return nextSibling;
}
