/** The files of a view, in every format. */
import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconDownload } from "@tabler/icons-react";
import { type Export, type FileFormat, exportAddress } from "./queries";

export const FORMATS: readonly { format: FileFormat; title: string; note: string }[] = [
  { format: "csv", title: "CSV", note: "for spreadsheets" },
  { format: "json", title: "JSON", note: "for other programs" },
  { format: "npz", title: "NPZ", note: "for NumPy" },
  { format: "parquet", title: "Parquet", note: "for pandas, R and Arrow" },
];

export function ExportMenu({ item, what, query }: { item: number; what: Export; query: Record<string, string> }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />} rightSection={<IconChevronDown size={12} aria-hidden />} data-testid={`export-${what}`}>
          Save
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map(({ format, title, note }) => (
          <Menu.Item key={format} component="a" href={exportAddress(item, what, format, query)} download data-testid={`export-${what}-${format}`}>
            {title} <span className="ein-quiet">{note}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
