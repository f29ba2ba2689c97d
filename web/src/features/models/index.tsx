/** Models: what they answer, what they were made from, and what can be done with them. */
export { ModelsPage } from "./ModelsPage";
