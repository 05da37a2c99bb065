/**
 * The other end of orderedProcess.ts, called by a program that was started there: each order is
 * answered with a report when it is done. The process ends when the one that started it does.
 */
export function takeOrders<Order extends string>(
  orders: Readonly<Record<Order, () => Promise<void>>>,
  report: () => unknown,
): void {
  const obey = async (order: Order) => {
    await orders[order]();
    process.send?.(report());
  };
  process.on("message", (order: Order) => void obey(order));
  process.on("disconnect", () => process.exit());
}
