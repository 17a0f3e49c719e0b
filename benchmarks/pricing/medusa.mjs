// Reads {carts, promotions} in Medusa's own form from standard input, prices every cart by the unmodified `computeActions` of
// Medusa's promotion module, and writes {total, ms} for each cart. Only the database is not there: promotions come from memory.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const Service = require("@medusajs/promotion/dist/services/promotion-module.js").default;

const { carts, promotions } = JSON.parse(readFileSync(0, "utf8"));
const codes = promotions.map((promotion) => promotion.code);
const service = Object.create(Service.prototype);
Object.defineProperty(service, "baseRepository_", { value: { getFreshManager: () => ({}) } });
service.listActivePromotions_ = async () => promotions;

const price = async (cart) => {
  const actions = await service.computeActions(codes, cart, { prevent_auto_promotions: true });
  return actions.reduce((sum, action) => sum + Number(action.amount ?? 0), 0);
};

for (const cart of carts) await price(cart); // the compiler warms up
const out = [];
for (const cart of carts) {
  const begun = process.cpuUsage();
  const total = await price(cart);
  const spent = process.cpuUsage(begun);
  out.push({ total, ms: (spent.user + spent.system) / 1000 });
}
process.stdout.write(JSON.stringify(out));
