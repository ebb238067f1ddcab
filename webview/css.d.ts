// Style sheets are bundled by esbuild; nothing of them is imported but the side effect.
declare module "*.css";
