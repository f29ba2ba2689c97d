import { SideDrawer } from "@/ui";
import { ImportProgress } from "./ImportProgress";
import type { Prepared, Started } from "./ImportProvider";
import type { UploadPlan } from "./importUpload";
import { PrepareImport } from "./PrepareImport";

export type Follow = (job: string, dataset: string, title: string) => void;

interface ImportDrawerProps {
  opened: boolean;
  prepared: Prepared | null;
  started: readonly Started[];
  onClose: () => void;
  onSend: (plan: UploadPlan) => void;
  onFollow: Follow;
  onDrop: (key: number) => void;
}

/** First what is about to be imported, then what became of it; imports go on while it is closed. */
export function ImportDrawer({ opened, prepared, started, onClose, onSend, onFollow, onDrop }: ImportDrawerProps) {
  return (
    <SideDrawer opened={opened} title="Import ECGs" onClose={onClose} testId="import-drawer">
      {prepared && <PrepareImport key={prepared.key} prepared={prepared} onSend={onSend} />}
      {started.map((one) => (
        <ImportProgress key={one.key} started={one} onFollow={onFollow} onDrop={() => onDrop(one.key)} />
      ))}
    </SideDrawer>
  );
}
