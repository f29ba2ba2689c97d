/** Make a millimetre of the paper a millimetre on this screen: hold a bank card against it. */
import { Button, Group, Modal, Slider } from "@mantine/core";
import { useState } from "react";
import { CARD_HEIGHT_MM, CARD_WIDTH_MM, CSS_PX_PER_MM, pxPerMmOfCard } from "@/plot";
import { fmt } from "@/ui";
import css from "./viewer.module.css";

const STEP_PX = 1;

interface ScreenSizeProps {
  opened: boolean;
  pxPerMm: number;
  onClose: () => void;
  /** null: back to what the browser assumes. */
  onSave: (pxPerMm: number | null) => void;
}

export function ScreenSize({ opened, ...rest }: ScreenSizeProps) {
  return (
    <Modal opened={opened} onClose={rest.onClose} title="Size of a millimetre on this screen" size="xl">
      {opened && <Measure {...rest} />}
    </Modal>
  );
}

function Measure({ pxPerMm, onClose, onSave }: Omit<ScreenSizeProps, "opened">) {
  const [width, setWidth] = useState(Math.round(pxPerMm * CARD_WIDTH_MM));
  const now = pxPerMmOfCard(width);
  return (
    <div className={css["screenSize"]}>
      <p className="ein-lines">
        Hold a bank card against the screen and move the slider until the box is exactly as wide as the card (85.6 mm). From then on one large
        square of the paper measures 5 mm.
      </p>
      <div className={css["card"]} style={{ width, height: CARD_HEIGHT_MM * now }} aria-hidden>
        <div className={css["square"]} style={{ width: 5 * now, height: 5 * now }} />
        <span>5 mm</span>
      </div>
      <Slider
        label={null} min={Math.round(CSS_PX_PER_MM * 0.5 * CARD_WIDTH_MM)} max={Math.round(CSS_PX_PER_MM * 2 * CARD_WIDTH_MM)} step={STEP_PX}
        value={width} onChange={setWidth} thumbLabel="Width of the card on this screen" data-testid="screen-size-slider"
      />
      <Group justify="space-between" mt="md">
        <span className="ein-quiet">{fmt.fixed(now, 2)} pixels per millimetre</span>
        <Group gap="sm">
          <Button variant="default" onClick={() => (onSave(null), onClose())}>
            As the browser assumes
          </Button>
          <Button onClick={() => (onSave(now), onClose())} data-testid="screen-size-save">
            Keep this size
          </Button>
        </Group>
      </Group>
    </div>
  );
}
