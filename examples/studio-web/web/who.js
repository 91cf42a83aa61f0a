// Who is logged in, and what he may do: known to every part of the page.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export const OFFICE = ['admin', 'staff'], TEAM = [...OFFICE, 'trainer'];
export const Who = createContext(null);

// { user, settings, may }: may('open'), or book, complete, cancel: the office all of it, trainers what the studio lets them do.
// The database decides; what it would refuse is not offered.
export function useWho() {
  const { user, settings } = useContext(Who);
  const may = (what) => OFFICE.includes(user.role) || (user.role === 'trainer' && settings.trainerMay.split(/\W+/).includes(what));
  return { user, settings, may };
}

// Where each finds the list of clients, and with one of them opened.
export const clientsOf = ({ role }, userId) =>
  `/dashboard/${role === 'trainer' ? 'trainer/clients' : 'admin/session-allocation'}${userId ? `?client=${userId}` : ''}`;
