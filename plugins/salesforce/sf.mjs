// The Salesforce CLI's own "sf project ..." commands, without the forty other plugins that make it three times as large.
import { execute } from "@oclif/core";

await execute({
  dir: new URL(
    "node_modules/@salesforce/plugin-deploy-retrieve/package.json",
    import.meta.url
  ).href
});
