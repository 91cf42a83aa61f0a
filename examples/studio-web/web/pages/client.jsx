// A client's own page: what he has, what he has booked, what he can book.
import { get } from '../api.js';
import { concerns } from '../events.js';
import { useLoad } from '../load.js';
import { Ask } from '../parts/ask.jsx';
import { Bookings } from '../parts/bookings.jsx';
import { Packs } from '../parts/packs.jsx';
import { Slots } from '../parts/slots.jsx';
import { Loaded } from '../parts/states.jsx';
import { Statement } from '../parts/statement.jsx';
import { Waits } from '../parts/waits.jsx';
import { Link } from '../router.jsx';
import { showMoment } from '../time.js';
import { useWho } from '../who.js';
import { sessions } from '../words.js';

function Credits({ user }) {
  const summary = useLoad(async () => (await get(`/api/sessions/user-summary/${user.id}`)).data, [], concerns(user.id));
  return (
    <section class="panel credits" aria-label="My credits">
      <h2>My credits</h2>
      <Loaded of={summary} what="your credits">
        {({ available, nextSessionDate }) => (
          <>
            <p class="have"><strong>{available}</strong> {sessions(available).replace(/^\S+ /, '')} available</p>
            <p class="quiet">{nextSessionDate ? `Your next session is on ${showMoment(nextSessionDate)}.` : 'You have no session booked.'}</p>
          </>
        )}
      </Loaded>
      <Packs userId={user.id} />
      <p class="buttons"><Link class="button" to="/dashboard/client/packs">Buy sessions</Link></p>
    </section>
  );
}

export function Client() {
  const { user } = useWho();
  const people = useLoad(async () => (await get('/api/people')).data, [], () => false);
  const trainers = people.data ?? [];
  return (
    <div class="client together">
      <Credits user={user} />
      <div class="book">
        <Bookings user={user} />
        <Waits user={user} />
        <Slots user={user} trainers={trainers} />
        <Ask user={user} trainers={trainers} />
      </div>
      <section class="panel" aria-label="My statement"><h2>My statement</h2><Statement userId={user.id} /></section>
    </div>
  );
}
