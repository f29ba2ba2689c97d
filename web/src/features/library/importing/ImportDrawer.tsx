import { SideDrawer } from "@/ui";
import { ImportProgress } from "./ImportProgress";
import type { Prepared, Started } from "./ImportProvider";
import { PrepareImport } from "./PrepareImport";

interface ImportDrawerProps {
  opened: boolean;
  prepared: Prepared | null;
  started: readonly Started[];
  onClose: () => void;
  onStart: (one: Omit<Started, "key">) => void;
  onDrop: (key: number) => void;
}

/** First what is about to be imported, then what became of it; imports go on while it is closed. */
export function ImportDrawer({ opened, prepared, started, onClose, onStart, onDrop }: ImportDrawerProps) {
  return (
    <SideDrawer opened={opened} title="Import ECGs" onClose={onClose} testId="import-drawer">
      {prepared && <PrepareImport key={prepared.files.length} prepared={prepared} onStart={onStart} />}
      {started.map((one) => (
        <ImportProgress key={one.key} started={one} onStart={onStart} onDrop={() => onDrop(one.key)} />
      ))}
    </SideDrawer>
  );
}
