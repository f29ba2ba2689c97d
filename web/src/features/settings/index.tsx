/** Settings of this installation, what it is and what it can do. */
export { SettingsPage } from "./SettingsPage";
export { FormatsPage } from "./FormatsPage";
