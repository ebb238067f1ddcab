// Keeps zod from trying `new Function`, which the page's content security policy refuses and reports. Imported before
// anything that makes a schema.

import { config } from "zod/mini";

config({ jitless: true });
