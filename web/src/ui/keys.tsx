/** The keys of a page: what they do, shown on `?`. */
import { Kbd, Modal } from "@mantine/core";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import css from "./keys.module.css";

export interface KeyLine {
  keys: readonly string[];
  what: string;
}

type Register = (lines: readonly KeyLine[]) => () => void;

const KeysContext = createContext<Register>(() => () => {});
const ShowContext = createContext<() => void>(() => {});

/** True when the key press belongs to a field in which somebody writes. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

const EVERYWHERE: readonly KeyLine[] = [
  { keys: ["Ctrl", "K"], what: "search datasets, ECGs, models and pages" },
  { keys: ["?"], what: "show the keys of this page" },
];

export function KeysProvider({ children }: { children: ReactNode }) {
  const [pages, setPages] = useState<readonly (readonly KeyLine[])[]>([]);
  const [opened, setOpened] = useState(false);
  const register = useMemo<Register>(
    () => (lines) => {
      setPages((now) => [...now, lines]);
      return () => setPages((now) => now.filter((other) => other !== lines));
    },
    [],
  );
  const show = useMemo(() => () => setOpened(true), []);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "?" && !isTyping(event)) setOpened((now) => !now);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return (
    <KeysContext.Provider value={register}>
      <ShowContext.Provider value={show}>
        {children}
        <Modal opened={opened} onClose={() => setOpened(false)} title="Keys" size="md" data-testid="key-help">
          <table className={css["table"]}>
            <tbody>
              {[...pages.flat(), ...EVERYWHERE].map((line) => (
                <tr key={line.what}>
                  <td className={css["keys"]}>
                    {line.keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </td>
                  <td>{line.what}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Modal>
      </ShowContext.Provider>
    </KeysContext.Provider>
  );
}

/** Put on a page to have its keys listed; give a constant, not a new list each time. */
export function KeyHelp({ keys }: { keys: readonly KeyLine[] }) {
  const register = useContext(KeysContext);
  useEffect(() => register(keys), [register, keys]);
  return null;
}

/** Opens the list of keys. */
export function useShowKeys(): () => void {
  return useContext(ShowContext);
}
