export { EvaluatePage } from "./EvaluatePage";
