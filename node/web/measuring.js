// A worker that measures files, and has nothing else to load.

import { answer } from "./answering.js";
import { measure } from "./hashing.js";

if (typeof document === "undefined") answer({ measure });
