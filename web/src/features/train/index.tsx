export { TrainPage } from "./TrainPage";
