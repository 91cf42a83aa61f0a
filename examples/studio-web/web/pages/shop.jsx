// What a client can buy. The payment is the payment provider's affair: it is told the cart, and reports when it is paid; then the
// sessions are there, on every page that is open.
import { useAction } from '../action.js';
import { get, post } from '../api.js';
import { useLoad } from '../load.js';
import { Button } from '../parts/button.jsx';
import { Loaded, Refused } from '../parts/states.jsx';
import { Link, setParameters, usePlace } from '../router.jsx';
import { money, sessions } from '../words.js';

function Cart({ id }) {
  return (
    <section class="panel" aria-label="Checkout">
      <h2>Checkout</h2>
      <p>Order {id} is ready to be paid. The payment provider's page belongs here, and is not a part of this example: it gets the order
        as <code>metadata.cartId</code>, and when it reports the payment, the sessions are yours.</p>
      <p class="buttons"><Link class="button" to="/dashboard/client">Back to my sessions</Link></p>
    </section>
  );
}

export function Shop() {
  const { parameters } = usePlace();
  const packs = useLoad(async () => (await get('/api/packs')).data, [], () => false);
  const [order, { busy, error }] = useAction((key, packId) => post('/api/carts', { packId }));
  const cart = /^\d+$/.exec(parameters.get('cart') ?? '')?.[0];

  async function buy(packId) {
    const answer = await order(packId);
    if (answer) setParameters({ cart: answer.data.id });
  }

  if (cart) return <Cart id={cart} />;
  return (
    <section class="panel" aria-label="Packs">
      <h2>Packs</h2>
      <Refused error={error} />
      <Loaded of={packs} what="the packs" empty="Nothing is on sale at the moment.">
        {(rows) => (
          <ul class="packs">
            {rows.map(({ id, name, credits, priceMinor, currency, valid }) => (
              <li key={id} class="panel">
                <h3>{name}</h3>
                <p class="price">{money(priceMinor, currency)}</p>
                <p class="quiet">{sessions(credits)}, {money(Math.round(priceMinor / credits), currency)} each;<br />
                  {valid ? `good for ${valid.replace('mons', 'months').replace(/\bmon\b/, 'month')} from the first booking on` : 'for as long as you like'}</p>
                <p class="buttons"><Button main busy={busy} onClick={() => buy(id)} aria-label={`Buy ${name}`}>Buy</Button></p>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </section>
  );
}
