import { mount } from 'svelte';
import '../../views/shared/tokens.css';
import '../../views/shared/base.css';
import { readStored } from '../storage';
import { applyTheme, onSystemTheme } from '../theme';
import Speaker from './Speaker.svelte';

const theme = (): void => applyTheme(readStored().preferences.theme);
theme();
onSystemTheme(theme);

const target = document.getElementById('app');
if (!target) throw new Error('speaker.html has no #app element');
mount(Speaker, { target });
