/** The design language as a Mantine theme: 4 px grid, four sizes, two weights, neutral greys and one accent. */
import { createTheme, rem, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef0fb", "#dde0f5", "#bcc3ea", "#9aa4e0", "#8590e6", "#5f6bcb", "#4a57bd", "#3f4bb0", "#343f97", "#29327a",
]; // prettier-ignore
const gray: MantineColorsTuple = [
  "#f8f8f9", "#f1f1f3", "#e6e6e9", "#d9d9de", "#c3c4ca", "#9c9da6", "#70717b", "#555660", "#3a3b43", "#212228",
]; // prettier-ignore
const dark: MantineColorsTuple = [
  "#e4e4e7", "#b9bac1", "#9899a3", "#6d6e78", "#44454d", "#36373e", "#2a2b31", "#212226", "#1a1b1e", "#141517",
]; // prettier-ignore
const good: MantineColorsTuple = [
  "#eaf6ef", "#d3ecdd", "#a8d9bd", "#7cc69c", "#5fcb92", "#3a9c68", "#27834f", "#1a6b3c", "#135730", "#0c4224",
]; // prettier-ignore
const doubt: MantineColorsTuple = [
  "#fdf4e3", "#f9e6c1", "#f2cd86", "#ebb955", "#e8b45a", "#c98a1a", "#a66f0a", "#855700", "#6b4600", "#523500",
]; // prettier-ignore
const bad: MantineColorsTuple = [
  "#fdeeec", "#fad8d5", "#f4b0aa", "#ff9d94", "#ff8f85", "#d9483d", "#c43229", "#b3261e", "#8f1c15", "#6e140f",
]; // prettier-ignore

export const WEIGHT = { normal: 400, strong: 600 } as const;

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  luminanceThreshold: 0.3,
  colors: { accent, gray, dark, good, doubt, bad },
  white: "#ffffff",
  black: "#1c1d22",
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace',
  fontSizes: { xs: rem(12), sm: rem(14), md: rem(14), lg: rem(18), xl: rem(24) },
  lineHeights: { xs: "16px", sm: "20px", md: "20px", lg: "24px", xl: "32px" },
  spacing: { xs: rem(4), sm: rem(8), md: rem(16), lg: rem(24), xl: rem(32) },
  radius: { xs: rem(2), sm: rem(4), md: rem(6), lg: rem(8), xl: rem(12) },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  headings: {
    fontWeight: String(WEIGHT.strong),
    sizes: {
      h1: { fontSize: rem(24), lineHeight: "32px" },
      h2: { fontSize: rem(18), lineHeight: "24px" },
      h3: { fontSize: rem(14), lineHeight: "20px" },
      h4: { fontSize: rem(14), lineHeight: "20px" },
      h5: { fontSize: rem(12), lineHeight: "16px" },
      h6: { fontSize: rem(12), lineHeight: "16px" },
    },
  },
  components: {
    Button: { defaultProps: { size: "sm" }, styles: { label: { fontWeight: WEIGHT.strong } } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 32 } },
    TextInput: { defaultProps: { size: "sm" } },
    NumberInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", checkIconPosition: "right", comboboxProps: { transitionProps: { duration: 0 } } } },
    Tooltip: {
      defaultProps: { multiline: true, maw: 320, openDelay: 200, withArrow: true, events: { hover: true, focus: true, touch: true } },
    },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 100 }, closeButtonProps: { "aria-label": "Close" } } },
    // Opened by key, the first entry has the focus; an empty element before it is no part of a menu to a screen reader.
    Menu: { defaultProps: { transitionProps: { duration: 0 }, withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { transitionProps: { duration: 0 } } },
    Input: { styles: { input: { fontSize: rem(14), textOverflow: "ellipsis" } } },
    InputWrapper: {
      styles: {
        label: { fontWeight: WEIGHT.strong, fontSize: rem(14), lineHeight: "20px", marginBottom: rem(4) },
        description: { fontSize: rem(12), lineHeight: "16px", marginBottom: rem(4) },
        error: { fontSize: rem(12), lineHeight: "16px" },
      },
    },
    Badge: { defaultProps: { radius: "sm", variant: "light" }, styles: { label: { textTransform: "none" } } },
  },
});
