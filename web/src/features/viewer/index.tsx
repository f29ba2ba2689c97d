export { ViewerPage } from "./ViewerPage";
