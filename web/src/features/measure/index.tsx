export { MeasurePage } from "./MeasurePage";
