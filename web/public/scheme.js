// Sets light or dark before the first paint; a file, because the server's policy forbids inline scripts.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("einthoven-scheme");
  } catch (error) {
    stored = null;
  }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
