// Files out of choices and drops, folders included, each with the name by which it is compared.

// The files that were chosen, those of a folder by their paths below it; `folder` is what that is called.
export const chosen = (list) =>
  Array.from(list, (file) => {
    const [folder, ...below] = file.webkitRelativePath.split("/");
    return { name: below.join("/") || file.name, folder, size: file.size, blob: file };
  });

// What a work may be called after one of its files: the file's name without its folders and its ending.
export const titleOf = (name) => name.split("/").at(-1).replace(/(?<=.)\.[^.]*$/, "");

// The files that were dropped; the browser forgets them once the event is over, so that nothing waits before all are named.
export async function dropped(transfer) {
  const found = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!found.length) return chosen(transfer.files);
  const lists = await Promise.all(found.map(async (entry) => {
    const files = await (entry.isDirectory ? inside(entry, "") : named(entry, ""));
    return files.map((file) => ({ ...file, folder: entry.isDirectory ? entry.name : "" }));
  }));
  return lists.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

const named = (entry, prefix) =>
  new Promise((resolve, reject) => {
    entry.file((file) => resolve([{ name: prefix + file.name, size: file.size, blob: file }]), reject);
  });

async function inside(folder, prefix) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!part.length) return found;
    for (const entry of part) {
      const more = entry.isDirectory ? inside(entry, `${prefix}${entry.name}/`) : named(entry, prefix);
      for (const each of await more) found.push(each);
    }
  }
}

// Makes an element take what is dropped on it: `take` is handed a promise of the files, as soon as they are dropped.
export function takeDrops(element, take) {
  const over = (on) => (event) => {
    event.preventDefault();
    element.classList.toggle("over", on);
  };
  element.addEventListener("dragover", over(true));
  element.addEventListener("dragleave", over(false));
  element.addEventListener("drop", (event) => {
    over(false)(event);
    take(dropped(event.dataTransfer));
  });
}
