import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconFiles, IconFolder, IconHelpCircle, IconProgress, IconUpload } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useImporting } from "./importing/context";

/** "Import" with its two ways in, and the way back to imports that are under way. */
export function ImportButtons({ dataset, primary }: { dataset?: string; primary?: boolean }) {
  const importing = useImporting();
  return (
    <>
      {importing.count > 0 && (
        <Button variant="default" leftSection={<IconProgress size={16} />} onClick={importing.reopen} data-testid="imports-reopen">
          Imports
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant={primary ? "filled" : "default"}
            leftSection={<IconUpload size={16} />}
            rightSection={<IconChevronDown size={14} />}
            data-testid="import-button"
          >
            Import ECGs
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconFiles size={16} />} onClick={() => importing.choose("files", dataset)} data-testid="import-files">
            Files
          </Menu.Item>
          <Menu.Item leftSection={<IconFolder size={16} />} onClick={() => importing.choose("folder", dataset)} data-testid="import-folder">
            A folder with all it holds
          </Menu.Item>
          <Menu.Label>Or drop them anywhere on this page; archives too.</Menu.Label>
          <Menu.Item component={Link} to="/formats" leftSection={<IconHelpCircle size={16} />}>
            Which formats?
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
