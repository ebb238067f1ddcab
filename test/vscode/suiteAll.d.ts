// The module that esbuild.mjs makes of every test below `suite`.
declare module "suite:all";
