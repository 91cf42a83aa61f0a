// Who is logged in, and which page is shown.
import { useEffect, useState } from 'preact/hooks';
import { get, post, whenExpired } from './api.js';
import { listen, stopListening } from './events.js';
import { Allocation } from './pages/allocation.jsx';
import { Client } from './pages/client.jsx';
import { Login } from './pages/login.jsx';
import { Overview } from './pages/overview.jsx';
import { Elsewhere, Unknown } from './pages/other.jsx';
import { Schedule } from './pages/schedule.jsx';
import { Shop } from './pages/shop.jsx';
import { Trainer } from './pages/trainer.jsx';
import { Shell } from './parts/shell.jsx';
import { Failed, Loading } from './parts/states.jsx';
import { Toasts } from './parts/toasts.jsx';
import { go, usePlace } from './router.jsx';
import { setZone } from './time.js';
import { OFFICE, Who } from './who.js';

// Every page, with who has it.
const PAGES = {
  '/dashboard/admin/overview': { title: 'Overview Dashboard', page: Overview, roles: OFFICE },
  '/dashboard/admin/master-schedule': { title: 'Universal Master Schedule', page: Schedule, roles: OFFICE },
  '/dashboard/admin/session-allocation': { title: 'Session Allocation Manager', page: Allocation, roles: OFFICE },
  '/dashboard/admin/client-trainer-assignments': { title: 'Client-Trainer Assignments', page: Elsewhere, roles: OFFICE },
  '/dashboard/trainer': { title: 'My schedule', page: Trainer, roles: ['trainer'] },
  '/dashboard/trainer/clients': { title: 'My clients', page: Allocation, roles: ['trainer'] },
  '/dashboard/client': { title: 'My sessions', page: Client, roles: ['client'] },
  '/dashboard/client/packs': { title: 'Buy sessions', page: Shop, roles: ['client'] },
};

const homeOf = ({ role }) => ({ client: '/dashboard/client', trainer: '/dashboard/trainer' }[role] ?? '/dashboard/admin/master-schedule');

async function start() {
  const [{ user }, { data: settings }] = await Promise.all([get('/api/auth/me'), get('/api/studio')]);
  setZone(settings.timeZone);
  return { user, settings };
}

export function App() {
  const [state, setState] = useState({ step: 'starting' });
  const { path } = usePlace();

  const begin = () => {
    setState({ step: 'starting' });
    start().then((who) => listen().then(() => setState({ step: 'in', ...who })),
      (error) => setState(error.status === 401 ? { step: 'out' } : { step: 'failed', error }));
  };
  const leave = async () => {
    await post('/api/auth/logout').catch(() => {});
    stopListening();
    setState({ step: 'out' });
    go('/', { replace: true });
  };

  useEffect(() => {
    whenExpired((message) => { stopListening(); setState(({ step }) => ({ step: 'out', message: step === 'in' ? message : undefined })); });
    begin();
  }, []);

  const { step, user, settings } = state;
  useEffect(() => { if (step === 'in' && (path === '/' || path === '/login')) go(homeOf(user), { replace: true }); }, [step, path]);

  const found = PAGES[path];
  const shown = found && (!user || found.roles.includes(user.role)) ? found : { title: 'Not found', page: Unknown };
  const title = step === 'out' ? 'Log in' : shown.title;
  useEffect(() => { document.title = `${title} - Studio`; }, [title]);

  if (step === 'starting') return <main class="alone"><h1 class="hidden">Studio</h1><Loading what="the studio" /></main>;
  if (step === 'failed') return <main class="alone"><h1>Studio</h1><Failed error={state.error} again={begin} /></main>;
  if (step === 'out') return <Login message={state.message} done={begin} />;
  const Page = shown.page;
  return (
    <Who.Provider value={{ user, settings }}>
      <Shell user={user} path={path} title={title} leave={leave}><Page key={path} title={title} /></Shell>
      <Toasts />
    </Who.Provider>
  );
}
