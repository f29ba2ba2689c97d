import { IconAlertTriangle } from "@tabler/icons-react";
import css from "./Warnings.module.css";

interface WarningsProps {
  warnings: readonly string[];
  /** Without a filled ground, where they stand on a panel of their own. */
  plain?: boolean;
}

const IN_SIGHT = 4;

/** What must be known before a result is believed: the first few in sight, the others a click away; nothing while there is none. */
export function Warnings({ warnings, plain }: WarningsProps) {
  if (warnings.length === 0) return null;
  // A fold that hides a single line saves no room.
  const folded = warnings.length > IN_SIGHT + 1 ? warnings.slice(IN_SIGHT) : [];
  return (
    <div className={plain ? css["plain"] : css["filled"]} data-testid="warnings">
      <Lines warnings={warnings.slice(0, warnings.length - folded.length)} />
      {folded.length > 0 && (
        <details className={css["more"]}>
          <summary>{folded.length} more warnings</summary>
          <Lines warnings={folded} />
        </details>
      )}
    </div>
  );
}

function Lines({ warnings }: { warnings: readonly string[] }) {
  return (
    <ul className={css["lines"]} aria-label="Warnings">
      {warnings.map((warning) => (
        <li key={warning}>
          <IconAlertTriangle size={16} aria-hidden />
          <span>
            <span className="ein-sr">Warning: </span>
            {warning}
          </span>
        </li>
      ))}
    </ul>
  );
}
