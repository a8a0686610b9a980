import { mount } from 'svelte';
import '../views/shared/tokens.css';
import '../views/shared/base.css';
import App from './App.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app element');
mount(App, { target });
