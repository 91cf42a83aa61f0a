// One client: why he has the sessions that he has.
import { get } from '../api.js';
import { concerns } from '../events.js';
import { useLoad } from '../load.js';
import { nameOf, sessions } from '../words.js';
import { Dialog } from './dialog.jsx';
import { Packs } from './packs.jsx';
import { Loaded } from './states.jsx';
import { Statement } from './statement.jsx';

export function ClientDetails({ userId, close }) {
  const client = useLoad(async () => (await get(`/api/sessions/client/${userId}`)).data, [userId], concerns(userId));
  const title = client.data ? `${nameOf(client.data)} has ${sessions(client.data.availableSessions)} left` : 'Client';
  return (
    <Dialog title={title} close={close} tall>
      <Loaded of={client} what="the client">
        {() => <div class="together"><h3>Packs</h3><Packs userId={userId} /><h3>Statement</h3><Statement userId={userId} /></div>}
      </Loaded>
    </Dialog>
  );
}
