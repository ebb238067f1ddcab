// The page of an editor: a constant without any data in it. Everything that is shown arrives by message and becomes text.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** Folder, below the extension, that the page may load from. */
export function webviewRoot(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, "dist", "webview");
}

/**
 * Parts that the script loads on demand bear its nonce.
 * @param page which script and style sheet: the trace panel's, or that of a batch
 */
export function panelHtml(webview: vscode.Webview, extensionUri: vscode.Uri, page: "main" | "batch" = "main"): string {
  const nonce = randomBytes(16).toString("base64");
  const root = webviewRoot(extensionUri);
  const script = webview.asWebviewUri(vscode.Uri.joinPath(root, `${page}.js`));
  const style = webview.asWebviewUri(vscode.Uri.joinPath(root, `${page}.css`));
  const source = webview.cspSource;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-${nonce}'; style-src ${source}; font-src ${source}; img-src ${source} blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>Tracekeeper</title>
</head>
<body>
<div id="root"></div>
<script type="module" nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
