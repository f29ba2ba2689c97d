export { PredictPage } from "./PredictPage";
