import type { BrokerServices } from '../handlers/broker-services.ts';
import type { Handler, RequestContext } from '../handlers/handler.ts';

/** What a request without a time-out of its own may take. */
const TIMEOUT_MS = 30_000;
/** The controller answers by itself when its time is over: that answer is still waited for. */
const ANSWER_MARGIN_MS = 5000;

/** Whether another broker has to answer the request. */
export function isForController(
  { options: { byController } }: Handler,
  request: unknown,
  channel: BrokerServices['controllerChannel'],
): boolean {
  if (byController === undefined || channel.isHere) return false;
  return typeof byController === 'function' ? byController(request) : byController;
}

/** Has the controller answer; where it does not, the handler itself says so for everything that was asked. */
export async function forward(
  handler: Handler,
  broker: BrokerServices,
  request: unknown,
  context: RequestContext,
): Promise<unknown> {
  const { apiVersion, principal, listenerName, remoteAddress: host, clientId } = context;
  const answer = await broker.controllerChannel.ask(handler.api, request, {
    apiVersion,
    caller: { brokerId: broker.nodeId, principal, listenerName, host, clientId },
    timeoutMs: timeoutOf(request) + ANSWER_MARGIN_MS,
  });
  return answer ?? handler.handle(broker, request, context);
}

function timeoutOf(request: unknown): number {
  const isGiven = typeof request === 'object' && request !== null && 'timeoutMs' in request;
  return isGiven && typeof request.timeoutMs === 'number' ? Math.max(0, request.timeoutMs) : TIMEOUT_MS;
}
