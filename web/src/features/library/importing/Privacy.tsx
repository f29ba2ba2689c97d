/** What of a file may say whose ECG it is, and what is kept of that: by default nothing. */
import { Checkbox } from "@mantine/core";
import type { ImportRequest } from "@/api";
import { Fold } from "./Fold";
import css from "./importing.module.css";

export type Kept = Required<Pick<ImportRequest, "keep_names" | "keep_identifiers">>;

export const NOTHING_KEPT: Kept = { keep_names: false, keep_identifiers: false };

interface PrivacyProps {
  privacy: Kept;
  onPrivacy: (privacy: Kept) => void;
  /** Files of a published data set keep their names: they are known to everybody. */
  published: boolean;
}

export function Privacy({ privacy, onPrivacy, published }: PrivacyProps) {
  return (
    <Fold title="Names and privacy" testId="import-privacy-toggle">
      <div className={css["privacy"]}>
        <div className="ein-lines ein-quiet">
          Names, birth dates and patient numbers in the files are not stored with the ECGs. File and folder names often hold them too, so they are
          stored as codes, the same code for the same name. Only a file that cannot be read is kept as it is, in quarantine, for some days.
        </div>
        <Checkbox
          checked={privacy.keep_names || published}
          disabled={published}
          onChange={(event) => onPrivacy({ ...privacy, keep_names: event.currentTarget.checked })}
          label="File and folder names identify nobody: keep them"
          description={published ? "The files of a published data set keep their names." : "Tick this only when no name, birth date or patient number stands in them."}
          data-testid="import-keep-names"
        />
        <Checkbox
          checked={privacy.keep_identifiers}
          onChange={(event) => onPrivacy({ ...privacy, keep_identifiers: event.currentTarget.checked })}
          label="Keep identifying fields in the stored originals"
          description="Otherwise the originals are stored with these fields blanked."
          data-testid="import-keep-identifiers"
        />
        {privacy.keep_identifiers && (
          <div className={css["warning"]} role="alert" data-testid="import-identifiers-warning">
            <strong>The originals will name the patients.</strong> Everybody who can read the folder of this installation, or a copy of it, can then
            read who they are. Do this only where you may.
          </div>
        )}
      </div>
    </Fold>
  );
}
