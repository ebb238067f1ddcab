// Gives the panel its texts, as the host does before anything else: imported by tests that look at words.
import { webviewTexts } from "../../src/protocol/webviewTexts";
import { setTexts } from "../../webview/text";

setTexts(webviewTexts);
