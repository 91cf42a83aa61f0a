// `npm run build` makes dist/, which the server serves; `npm run dev` serves the sources, with the server on its port behind it.
import { defineConfig } from 'vite';

const server = `http://127.0.0.1:${process.env.PORT ?? 3001}`;

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: 'dist', emptyOutDir: true },
  server: { proxy: { '/api': server } },
});
