import { serveOutdoors } from "./outdoors.ts";
import { sceneOf } from "./scene.ts";

/**
 * The process in which `startOutdoors` serves: `node outdoors-child.ts FOLDER`. Its parent sends a scene, gets where it is
 * served, or `{ refused }`, and ends it by letting go of it.
 */
const [folder = ""] = process.argv.slice(2);

process.once("message", (scene: unknown) => {
  serveOutdoors({ folder, scene: sceneOf(scene) }).then(
    (served) => {
      process.on("disconnect", () => void served.close().finally(() => process.exit(0)));
      const { close: _close, ...outdoors } = served;
      process.send?.(outdoors);
    },
    (thrown: unknown) => {
      process.send?.({ refused: thrown instanceof Error ? thrown.message : String(thrown) });
      process.disconnect();
    },
  );
});
// The terminal sends its signal to the whole group; the parent decides when this process ends.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
