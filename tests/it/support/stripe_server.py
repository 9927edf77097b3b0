"""localstripe on a free port, for one test process: prints "ready PORT", and ends with whoever holds its input open.

It is told what it leaves out of what Stripe documents, as far as the tests need it:
- idempotency keys (https://docs.stripe.com/api/idempotent_requests);
- `off_session` of a confirmation;
- the list of the intents of a customer in a time;
- that no more is refunded than was charged, and the code of a charge that was refunded.
And a bank that takes its time answers when the test says so, not after half a second.
"""

import asyncio
import os
import socket
import sys
import threading
import types

from aiohttp import web
from localstripe import resources

# Written to the same file by every process, else.
resources.Store.dump_to_disk = lambda self: None

banks = []


async def wait_for_the_bank(_seconds):
    answered = asyncio.Event()
    banks.append(answered)
    await answered.wait()


resources.asyncio = types.SimpleNamespace(sleep=wait_for_the_bank, ensure_future=asyncio.ensure_future)

confirm = resources.PaymentIntent._api_confirm


def confirm_off_session(id, off_session=None, **data):
    return confirm(id, **data)


resources.extra_apis[:] = [
    (method, url, confirm_off_session if url.endswith('/confirm') and '/payment_intents/' in url else function)
    for method, url, function in resources.extra_apis]


def list_intents(url, customer=None, created=None, limit=None, starting_after=None):
    created = created or {}
    intents = resources.List(url, limit=limit, starting_after=starting_after)
    intents._list = [
        intent for key, intent in resources.store.items()
        if key.startswith('payment_intent:') and intent.customer == customer
        and int(created.get('gte', 0)) <= intent.created <= int(created.get('lte', intent.created))]
    return intents


resources.PaymentIntent._api_list_all = list_intents


def create_refund(payment_intent=None, amount=None, **data):
    charge = resources.PaymentIntent._api_retrieve(payment_intent).latest_charge
    if charge is None:
        raise resources.UserError(400, 'This PaymentIntent does not have a successful charge to refund.')
    left = charge.amount - charge.amount_refunded
    if left == 0:
        raise resources.UserError(400, 'Charge has already been refunded.', {'code': 'charge_already_refunded'})
    if amount is not None and int(amount) > left:
        raise resources.UserError(400, 'Refund amount is greater than unrefunded amount on charge.')
    return resources.Refund(payment_intent=payment_intent, amount=left if amount is None else amount, **data)


resources.Refund._api_create = create_refund

from localstripe import server  # noqa: E402: it takes the functions above into its routes

answers = {}


@web.middleware
async def once(request, handler):
    key = request.headers.get('Idempotency-Key')
    if request.method != 'POST' or key is None:
        return await handler(request)
    # Each account has keys of its own.
    key = (request.headers.get('Authorization'), key)
    asked = (request.path, await request.read())
    if key in answers:
        before, status, text = answers[key]
        if before != asked:
            status, text = 400, '{"error": {"type": "idempotency_error"}}'
        return web.Response(status=status, text=text, content_type='application/json')
    response = await handler(request)
    answers[key] = (asked, response.status, response.text)
    return response


async def let_banks_answer(request):
    while banks:
        banks.pop().set()
    return web.Response()


async def main():
    server.app.middlewares.insert(0, once)
    server.app.router.add_post('/_config/banks', let_banks_answer)
    listening = socket.create_server(('127.0.0.1', 0))
    runner = web.AppRunner(server.app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    print('ready', listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
asyncio.run(main())
