import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// For `npm run dev`: the running server, and its token (the end of the address that it prints).
const server = process.env["EINTHOVEN_SERVER"] ?? "http://127.0.0.1:8000";
const token = process.env["EINTHOVEN_TOKEN"];

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/api": { target: server, headers: token ? { authorization: `Bearer ${token}` } : {} } },
  },
  // Fonts and images stay files: the server's policy allows only what it serves itself.
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], setupFiles: ["./src/test-setup.ts"] },
});
