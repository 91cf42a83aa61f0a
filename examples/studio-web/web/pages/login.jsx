import { useEffect, useRef, useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { Button } from '../parts/button.jsx';
import { Field } from '../parts/field.jsx';
import { Refused } from '../parts/states.jsx';

export function Login({ message, done }) {
  const [email, setEmail] = useState(''), [password, setPassword] = useState('');
  const [login, { busy, error }] = useAction((key, ...who) => post('/api/auth/login', { email: who[0], password: who[1] }));

  const heading = useRef(null);
  useEffect(() => { if (message) heading.current.focus(); }, []);

  async function submit(event) {
    event.preventDefault();
    if (await login(email.trim(), password)) done();
  }

  return (
    <main class="alone">
      <h1 tabIndex={-1} ref={heading}>Log in to the studio</h1>
      {message && <p class="refused" role="alert">{message}</p>}
      <form onSubmit={submit}>
        <Field label="E-mail address" type="email" required autocomplete="username" value={email} change={setEmail} />
        <Field label="Password" type="password" required autocomplete="current-password" value={password} change={setPassword} />
        <Refused error={error && { message: error.message }} />
        <p class="buttons"><Button type="submit" main busy={busy}>Log in</Button></p>
      </form>
    </main>
  );
}
