import { mount } from 'svelte';
import '../../views/shared/tokens.css';
import '../../views/shared/base.css';
import { readStored } from '../storage';
import { applyTheme, onSystemTheme } from '../theme';
import Receiver from './Receiver.svelte';

const theme = (): void => applyTheme(readStored().preferences.theme);
theme();
onSystemTheme(theme);

const target = document.getElementById('app');
if (!target) throw new Error('inspector.html has no #app element');
mount(Receiver, { target });
