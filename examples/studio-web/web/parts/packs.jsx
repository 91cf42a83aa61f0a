// The packs that somebody can spend, the next one first: until when, and what was paid.
import { useState } from 'preact/hooks';
import { get } from '../api.js';
import { concerns } from '../events.js';
import { useLoad } from '../load.js';
import { showDateAndYear } from '../time.js';
import { useWho } from '../who.js';
import { money } from '../words.js';
import { Button } from './button.jsx';
import { Extend } from './extend.jsx';
import { Loaded } from './states.jsx';

const nameOfPack = ({ item, reason, source }) => item ?? reason ?? source;

export function Packs({ userId }) {
  const packs = useLoad(async () => (await get(`/api/sessions/credits/${userId}`)).data, [userId], concerns(userId));
  const [extended, extend] = useState(null);
  const admin = useWho().user.role === 'admin';
  return (
    <>
      <Loaded of={packs} what="the packs" empty="There is no pack with sessions left.">
        {(rows) => (
          <div class="scroll" tabIndex={0} role="region" aria-label="Packs">
            <table class="list lots">
              <thead>
                <tr><th scope="col">Pack</th><th scope="col" class="number">Left</th><th scope="col">Expires</th><th scope="col" class="number">Price</th>
                  {admin && <th scope="col"><span class="hidden">Actions</span></th>}</tr>
              </thead>
              <tbody>
                {rows.map((pack) => (
                  <tr key={pack.lotId}>
                    <td class="what">{nameOfPack(pack)}</td><td class="number left">{pack.remaining} of {pack.granted}</td>
                    <td class={pack.expiresAt ? 'until' : 'until open'}>{pack.expiresAt ? showDateAndYear(pack.expiresAt) : pack.validFor ? `${pack.validFor} from the first booking` : 'Does not expire'}</td>
                    <td class="number paid">{money(pack.amountMinor, pack.currency) || '–'}</td>
                    {admin && <td class="act"><Button onClick={() => extend(pack)} aria-label={`Extend ${nameOfPack(pack)}`}>Extend</Button></td>}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      {extended && <Extend pack={extended} name={nameOfPack(extended)} close={() => extend(null)} />}
    </>
  );
}
