/**
 * Colours of classes: Okabe & Ito's palette, readable with colour-blind eyes, the same class the same on every page.
 *
 * The colour comes from the name alone, so that two pages, two tasks and two machines agree without asking each
 * other. Only when two classes of one set meet on a colour does the later name (alphabetically) take the next free.
 */

// Okabe M, Ito K (2008), Color Universal Design; black is replaced by grey, which is seen in both schemes.
export const PALETTE = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999"] as const;

// Chosen so that the sets of classes which come with the program meet on no colour (see the test).
const SEED = 53858;

function slot(name: string): number {
  let hash = SEED;
  for (const character of name.toLowerCase()) {
    hash ^= character.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 16777619) >>> 0;
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d) >>> 0;
  hash ^= hash >>> 13;
  return (hash >>> 0) % PALETTE.length;
}

/** Class name → colour, for the classes of one task. More than eight classes share colours: the word always stands with it. */
export function classColours(names: readonly string[]): ReadonlyMap<string, string> {
  const colours = new Map<string, string>();
  const taken = new Set<number>();
  const later: string[] = [];
  for (const name of [...new Set(names)].sort()) {
    const own = slot(name);
    if (taken.has(own)) later.push(name);
    else {
      taken.add(own);
      colours.set(name, PALETTE[own] ?? PALETTE[0]);
    }
  }
  for (const name of later) {
    let free = slot(name);
    for (let step = 0; step < PALETTE.length && taken.has(free); step += 1) free = (free + 1) % PALETTE.length;
    taken.add(free);
    colours.set(name, PALETTE[free] ?? PALETTE[0]);
  }
  return colours;
}

/** The colour of one class; give all classes of its task, so that no two of them look alike. */
export function classColour(name: string, all: readonly string[] = [name]): string {
  return classColours(all.includes(name) ? all : [...all, name]).get(name) ?? PALETTE[0];
}
