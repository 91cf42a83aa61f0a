// What is around every page: where one can go, who is logged in, whether the page hears of changes.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useHears } from '../events.js';
import { Link } from '../router.jsx';
import { zoneName } from '../time.js';
import { OFFICE } from '../who.js';
import { nameOf } from '../words.js';
import { Old } from './old.jsx';

const SECTIONS = [
  { name: 'Command Center', items: [
    { label: 'Overview Dashboard', to: '/dashboard/admin/overview', roles: OFFICE },
  ] },
  { name: 'Scheduling & Operations', items: [
    { label: 'Universal Master Schedule', to: '/dashboard/admin/master-schedule', roles: OFFICE },
    { label: 'Session Allocation Manager', to: '/dashboard/admin/session-allocation', roles: OFFICE },
    { label: 'Client-Trainer Assignments', to: '/dashboard/admin/client-trainer-assignments', roles: OFFICE },
  ] },
  { name: 'My studio', items: [
    { label: 'My schedule', to: '/dashboard/trainer', roles: ['trainer'] },
    { label: 'My clients', to: '/dashboard/trainer/clients', roles: ['trainer'] },
    { label: 'My sessions', to: '/dashboard/client', roles: ['client'] },
    { label: 'Buy sessions', to: '/dashboard/client/packs', roles: ['client'] },
  ] },
];

const sectionsOf = (role) => SECTIONS
  .map(({ name, items }) => ({ name, items: items.filter(({ roles }) => roles.includes(role)) }))
  .filter(({ items }) => items.length > 0);

export function Shell({ user, path, title, leave, children }) {
  const hears = useHears();
  const [open, setOpen] = useState(false);
  const heading = useRef(null), first = useRef(true);

  // Who goes to another page with the keyboard goes on there.
  useEffect(() => {
    setOpen(false);
    if (!first.current) heading.current.focus();
    first.current = false;
  }, [path]);

  return (
    <div class="shell">
      <a class="skip" href="#content">Skip to content</a>
      <header class="bar">
        <button type="button" class="menu" aria-expanded={open} aria-controls="sidebar" onClick={() => setOpen(!open)}>Menu</button>
        <h1 tabIndex={-1} ref={heading}>{title}</h1>
        <p class="live" role="status" data-live={hears}>{hears ? 'Live' : 'Offline'}</p>
      </header>
      <nav id="sidebar" class={open ? 'sidebar open' : 'sidebar'} aria-label="Dashboard">
        {sectionsOf(user.role).map(({ name, items }) => (
          <section key={name}>
            <h2>{name}</h2>
            <ul>
              {items.map(({ label, to }) => <li key={to}><Link to={to} aria-current={to === path ? 'page' : undefined}>{label}</Link></li>)}
            </ul>
          </section>
        ))}
        <div class="person">
          <p>{nameOf(user)}<br /><span class="quiet">{user.role}, times in {zoneName()}</span></p>
          <button type="button" onClick={leave}>Log out</button>
        </div>
      </nav>
      <main id="content" tabIndex={-1}>{children}</main>
      <Old />
    </div>
  );
}
