/** Numbers and moments as people read them. English words, figures in full, no rounding that misleads. */

const COUNT = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
export const NONE = "–";

type Maybe = number | null | undefined;

function missing(value: Maybe): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}

/** `1625` → "1,625". */
function count(value: Maybe): string {
  return missing(value) ? NONE : COUNT.format(value);
}

/** A fixed number of decimals: `0.8412` → "0.84". */
function fixed(value: Maybe, decimals = 2): string {
  return missing(value) ? NONE : value.toFixed(decimals);
}

/** As few decimals as the value has, at most `most`: `500` → "500", `257.5` → "257.5". */
function plain(value: Maybe, most = 3): string {
  return missing(value) ? NONE : new Intl.NumberFormat("en-GB", { maximumFractionDigits: most }).format(value);
}

/** `0.123` → "12 %". */
function percent(value: Maybe, decimals = 0): string {
  return missing(value) ? NONE : `${(value * 100).toFixed(decimals)} %`;
}

/** `1536000` → "1.5 MB" (decimal, as file managers show). */
function bytes(value: Maybe): string {
  if (missing(value)) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size >= 100 || unit === 0 ? size.toFixed(0) : size.toFixed(1)} ${units[unit] ?? ""}`;
}

/** A span: 0.4 → "0.4 s", 75 → "1 min 15 s", 5400 → "1 h 30 min". */
function seconds(value: Maybe): string {
  if (missing(value)) return NONE;
  if (value < 10) return `${plain(value, 1)} s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = whole % 60;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return rest > 0 && minutes < 10 ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** What is left, coarsely, as an estimate should be: 8 → "a few seconds", 75 → "about 1 min". */
function left(value: Maybe): string {
  if (missing(value)) return "";
  if (value < 10) return "a few seconds";
  if (value < 50) return `about ${Math.round(value / 10) * 10} s`;
  if (value < 3600) return `about ${Math.max(1, Math.round(value / 60))} min`;
  return `about ${plain(value / 3600, 1)} h`;
}

/** `500` → "500 Hz". */
function rate(value: Maybe): string {
  return missing(value) ? NONE : `${plain(value, 2)} Hz`;
}

/** A stored moment in the reader's own time: "22 Nov 2026, 18:07". */
function when(iso: string | null | undefined): string {
  if (!iso) return NONE;
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(date);
}

/** The day of a stored moment: "22 Nov 2026". */
function day(iso: string | null | undefined): string {
  return when(iso).split(",")[0] ?? NONE;
}

/** "1 ECG", "2 ECGs": the word follows the figure. */
function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export const fmt = { count, fixed, plain, percent, bytes, seconds, left, rate, when, day, plural };
