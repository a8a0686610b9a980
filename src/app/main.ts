import { mount } from 'svelte';
import '../views/shared/tokens.css';
import '../views/shared/base.css';
import './front.css';
import App from './App.svelte';
import { holdTab } from './tab-lock';

holdTab();

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app element');
mount(App, { target });
document.getElementById('starting')?.remove();

// The page that came with the file shows the front scenario until the first run is drawn and gives the page its title.
const front = document.getElementById('front');
const title = document.querySelector('title');
if (front && title) {
  const drawn = new MutationObserver(() => {
    front.remove();
    drawn.disconnect();
  });
  drawn.observe(title, { childList: true });
}
