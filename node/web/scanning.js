// Reading QR codes off pictures and live off a camera. Nothing of what is seen leaves the browser.

import { Caller } from "./calls.js";
import { LedgerError } from "./lib/errors.js";
import { make, say } from "./showing.js";

const MAX_PICTURE = 64 << 20;
// Between two looks at what the camera sees.
const PAUSE_MS = 120;
const WANTED = { video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } } };
// Why there is no camera, by what browsers call it.
const CAUSES = { NotAllowedError: "web.scan-refused", SecurityError: "web.scan-refused", NotFoundError: "web.scan-none", NotReadableError: "web.scan-busy" };

let reader = null;

const read = (source, how, transfer = []) => (reader ??= new Caller()).ask("scan", { source, how }, undefined, transfer);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// What a camera or a screen makes; a drawing of lines is a file like others.
export const isPicture = (blob) => /^image\/(?!svg)/.test(blob.type);

// What the page can use of the codes in a picture: the first value that `pick` makes of a code's text. Throws `LedgerError`.
export async function inPicture(blob, pick) {
  if (blob.size > MAX_PICTURE) throw new LedgerError("tools.too-large", { field: blob.name ?? "", expected: MAX_PICTURE, actual: blob.size });
  const texts = await read(blob, "picture");
  const found = first(texts, pick);
  if (found === null) throw new LedgerError(texts.length ? "web.scan-other" : "web.scan-no-code");
  return found;
}

const first = (texts, pick) => texts.map(pick).find((each) => each !== null) ?? null;

// Shows what the camera sees until there is a code that the page can use: what `pick` makes of it, or null if the reader
// would rather not.
export function throughCamera(pick) {
  const status = make("p", "", say("web.scan-ask"));
  status.setAttribute("role", "status");
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, hidden: true });
  video.setAttribute("aria-hidden", "true");
  const close = Object.assign(make("button", "", say("web.scan-close")), { type: "button" });
  const title = make("h2", "", say("web.scan"));
  title.id = "scan-title";
  const dialog = make("dialog", "scan", title, video, status, make("p", "", close));
  dialog.setAttribute("aria-labelledby", title.id);
  const tell = (code, name = "") => {
    if (status.dataset.code === code) return;
    Object.assign(status, { className: name, textContent: say(code) });
    status.dataset.code = code;
  };
  close.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve, reject) => {
    let found = null;
    dialog.addEventListener("close", () => {
      for (const track of video.srcObject?.getTracks() ?? []) track.stop();
      dialog.remove();
      resolve(found);
    });
    watch(dialog, video, pick, tell).then((value) => {
      found = value;
      if (value !== null) dialog.close();
    }, (error) => {
      dialog.close();
      reject(error);
    });
  });
}

// What `pick` makes of a code before the camera; null once nobody looks any more, or if there is none to look through.
async function watch(dialog, video, pick, tell) {
  let stream;
  try {
    if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
    stream = await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    tell(CAUSES[error.name] ?? "web.scan-none", "warning");
    return null;
  }
  if (!dialog.open) {
    for (const track of stream.getTracks()) track.stop();
    return null;
  }
  stream.getVideoTracks()[0].addEventListener("ended", () => tell("web.scan-ended", "warning"));
  Object.assign(video, { srcObject: stream, hidden: false, autoplay: true });
  tell("web.scan-hold");
  for (; dialog.open; await pause(PAUSE_MS)) {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) continue;
    const frame = await createImageBitmap(video);
    const texts = await read(frame, "frame", [frame]);
    const found = first(texts, pick);
    if (found !== null) return found;
    if (texts.length) tell("web.scan-other", "caution");
  }
  return null;
}

// Two ways in: a button for the camera, and one for a picture unless the page takes pictures with other files. `camera` is called
// when the first is pressed, `picture` with a file.
export function scanControls({ camera, picture = null }) {
  const words = (code) => {
    const span = make("span", "", say(code));
    span.dataset.text = code;
    return span;
  };
  const live = make("button", "", words("web.scan"));
  Object.assign(live, { type: "button", name: "scan" });
  live.addEventListener("click", camera);
  if (picture === null) return make("span", "scanning", live);
  const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", name: "scan-picture" });
  input.addEventListener("change", () => {
    const [blob] = input.files;
    // The same picture may be chosen again.
    input.value = "";
    if (blob) picture(blob);
  });
  return make("span", "scanning", live, " ", make("label", "button", words("web.scan-picture"), input));
}

// Hands over a picture that is pasted anywhere on the page.
export function takePasted(take) {
  addEventListener("paste", (event) => {
    const found = Array.from(event.clipboardData?.files ?? []).find(isPicture);
    if (!found) return;
    event.preventDefault();
    take(found);
  });
}
