export { BenchmarkPage } from "./BenchmarkPage";
